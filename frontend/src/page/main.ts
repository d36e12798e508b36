/** Every page: the styles, and nothing that a page could not do without. */
import "./styles/main.css";

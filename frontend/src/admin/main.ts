/** The administration: Django's own pages in our colours and type. */
import "../page/styles/tokens.css";
import "./admin.css";
import "./analytics.css";

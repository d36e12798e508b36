/** Every page: the styles, and small behaviours. Each page works without them. */
import "./styles/main.css";
import { forgetCopiesOnSignOut } from "../collaboration/forget";
import { enhanceMenus } from "./menus";
import { enhanceRename } from "./rename";
import { enhanceSearch } from "./search";
import { enhanceThemeForms } from "./theme";

enhanceThemeForms(document);
enhanceMenus(document);
enhanceSearch(document);
enhanceRename(document);
forgetCopiesOnSignOut(document);

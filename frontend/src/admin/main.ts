/** The administration: Django's own pages in our colours and type. */
import "../page/styles/tokens.css";
import "./base.css";
import "./boxes.css";
import "./tables.css";
import "./forms.css";
import "./navigation.css";
import "./front.css";
import "./figures.css";
import "./narrow.css";
import "../page/styles/plot.css";
import "./analytics.css";
import "./review.css";
import "./live.css";
import { bindReviewKeys } from "./keys";
import { keepLive } from "./live";
import { nameFields } from "./names";

bindReviewKeys();
keepLive();
nameFields();

/** The editor page. */
import "../page/main";

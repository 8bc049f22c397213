"""The back office's shell: one site, whose start page counts what there is and what is due."""

from unfold.sites import UnfoldAdminSite


class BackOffice(UnfoldAdminSite):
    site_title = "Tradepost"
    site_header = "Tradepost"
    index_title = "Overview"
    enable_nav_sidebar = True


site = BackOffice(name="admin")

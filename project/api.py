"""The REST interface, assembled from the apps' routers."""

from ninja import NinjaAPI

api = NinjaAPI(title="Interline", version="1")

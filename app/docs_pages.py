"""The API's own documentation pages: they load nothing from outside, and their policy forbids it."""

from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

# The wheel is used for the files in it alone: Swagger UI, as its makers publish it.
_ASSETS = Path(str(files("fastapi_offline"))) / "static"
_NAMES = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
_STYLE = """:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
main{max-width:44rem;margin:3rem auto;padding:0 1rem}
code{font-family:ui-monospace,monospace;background:#8882;padding:.1em .3em;border-radius:.2em}"""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Trunkline API</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/docs/assets/swagger-ui.css"></head>
<body><div id="docs"></div><script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/assets/start.js"></script></body></html>"""
_START = """SwaggerUIBundle({url: "/openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null,
  docExpansion: "list", defaultModelsExpandDepth: 0, tryItOutEnabled: true});"""


def install(app: FastAPI) -> None:
    """Serve the pages."""

    @app.get("/", include_in_schema=False)
    async def front_door() -> RedirectResponse:
        return RedirectResponse("/docs")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})

    @app.get("/docs/assets/{name}", include_in_schema=False)
    async def asset(name: str) -> Response:
        cached = {"Cache-Control": "public, max-age=3600"}
        if name == "start.js":
            return Response(_START, media_type="text/javascript", headers=cached)
        if name == "desk.css":
            return Response(_STYLE, media_type="text/css", headers=cached)
        if name not in _NAMES:
            return Response(status_code=404)
        return FileResponse(_ASSETS / name, media_type=_NAMES[name], headers=cached)

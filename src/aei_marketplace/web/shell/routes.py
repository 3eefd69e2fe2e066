"""The routes of the shell itself."""

from aei_marketplace.web.shell import appearance, design, home, sections, static

ROUTERS = (static.router, home.router, appearance.router, design.router, sections.router)

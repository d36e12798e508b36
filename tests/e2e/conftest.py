"""Fixtures of the tests in a real Chromium: one running site for all of them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.e2e.site import Site, launch, make_site, own_database
from tests.processes import Processes, wait_until
from tests.provider.fixture import Provider

EXPECT_TIMEOUT_MS = 30_000

expect.set_options(timeout=EXPECT_TIMEOUT_MS)


@pytest.fixture(scope="package")
def playwright_instance() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def browser(playwright_instance: Playwright) -> Iterator[Browser]:
    launched = launch(playwright_instance)
    yield launched
    launched.close()


@pytest.fixture(scope="package")
def site_processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    name = f"e2e_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    environment = {"DATABASE_URL": own_database(name), "REDIS_PREFIX": f"{name}:"}
    processes = Processes(environment, tmp_path_factory.mktemp("site"))
    yield processes
    processes.stop()


@pytest.fixture(scope="package")
def running_site(site_processes: Processes, browser: Browser) -> Site:
    """The site of all tests, on the demo model."""
    return make_site(site_processes, browser)


@pytest.fixture
def site(running_site: Site) -> Iterator[Site]:
    yield running_site
    for context in running_site.browser.contexts:
        context.close()


@pytest.fixture(scope="package")
def running_provider() -> Iterator[Provider]:
    running = Provider()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def provider(running_provider: Provider) -> Provider:
    """The model of `provided_site`, well behaved until a test says otherwise."""
    running_provider.reset()
    running_provider.behave()
    return running_provider


@pytest.fixture(scope="package")
def running_provided_site(running_site: Site, site_processes: Processes, running_provider: Provider) -> Site:
    # Another Redis name space keeps jobs apart; a patient breaker keeps one test's failures from being another's.
    environment = running_provider.environment(
        REDIS_PREFIX=site_processes.environment["REDIS_PREFIX"] + "provided:", AI_BREAKER_FAILURES="10000"
    )
    generator = site_processes.command("generator", **environment)
    web = site_processes.web(**environment)
    wait_until(lambda: "generator.ready" in generator.output(), seconds=60, what="the generator")
    return Site(web, generator, running_site.browser, running_site.cast)


@pytest.fixture
def provided_site(running_provided_site: Site, provider: Provider) -> Iterator[Site]:
    """The same installation with a model that does as it is told."""
    yield running_provided_site
    for context in running_provided_site.browser.contexts:
        context.close()
    running_provided_site.end_generations()


@pytest.fixture
def screenshots(tmp_path: Path) -> Path:
    """Where screenshots go: `SCREENSHOTS`, to be looked at, or nowhere that stays."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder

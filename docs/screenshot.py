"""Take the README's picture from the built site of this repository: ``make screenshot``.

A real page in a real browser, as a reader sees it; nothing is drawn or retouched.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "build" / "labrec" / "site"
PICTURE = ROOT / "docs" / "images" / "site.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDTH, HEIGHT = 1180, 760  # CSS pixels: the first screen of a laptop


def main() -> None:
    """Open a page from the disk and write what the first screen shows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", default="index.html", help="page of the site")
    parser.add_argument("--out", type=Path, default=PICTURE)
    arguments = parser.parse_args()
    page_file = SITE / arguments.page
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not page_file.is_file():
        sys.exit(f"{page_file} is not built: run make site")
    if browser is None:
        sys.exit(f"no browser found; looked for {', '.join(BROWSERS)}")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = chromium.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", device_scale_factor=1
        )
        page.goto(page_file.as_uri())
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(1500)  # charts are drawn once they are in view
        page.screenshot(path=arguments.out)
        chromium.close()
    print(f"{arguments.out}: {arguments.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

"""Headless Chromium, driven over its debugging pipe: what a reader's browser really does.

https://chromedevtools.github.io/devtools-protocol/ ; messages are JSON, each ended by a NUL, on descriptors 3 and 4.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BINARIES = ("chromium", "chromium-browser", "google-chrome")
ANSWER_SECONDS = 120.0
KEYS = {"Tab": (9, ""), "Enter": (13, "\r"), "Escape": (27, ""), "End": (35, ""), "Home": (36, ""),
        "ArrowLeft": (37, ""), "ArrowRight": (39, "")}  # fmt: skip


def binary() -> str | None:
    """Where the browser is; None where there is none."""
    return next((found for name in BINARIES if (found := shutil.which(name))), None)


# The middle of an element, when it has been at the same place for five frames in a row.
STANDING = """(async () => {
  const e = document.querySelector(%s);
  if (!e) return null;
  const frame = () => new Promise(requestAnimationFrame);
  let last = "", same = 0;
  for (let n = 0; n < 300 && same < 5; n++) {
    e.scrollIntoView({block: "center", behavior: "instant"});
    await frame();
    const r = e.getBoundingClientRect(), now = [r.x + r.width / 2, r.y + r.height / 2];
    same = String(now) === last ? same + 1 : 0;
    last = String(now);
  }
  return last.split(",").map(Number);
})()"""


@dataclass
class Browser:
    """One page of one browser."""

    process: subprocess.Popen[bytes]
    to_browser: int
    from_browser: int
    session: str | None = None
    problems: list[str] = field(default_factory=list)  # errors of scripts, and what the page's policy refused
    _number: int = 0
    _read: bytes = b""

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command's result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self.session is not None:
            message["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def _next(self) -> dict[str, Any]:
        deadline = time.monotonic() + ANSWER_SECONDS
        while b"\0" not in self._read:
            ready, _, _ = select.select([self.from_browser], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, "the browser does not answer"
            part = os.read(self.from_browser, 1 << 16)
            assert part, "the browser has ended"
            self._read += part
        message, _, self._read = self._read.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found

    def _note(self, event: dict[str, Any]) -> None:
        parameters = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            self.problems.append(parameters["exceptionDetails"]["text"])
        elif event.get("method") == "Log.entryAdded" and parameters["entry"]["source"] == "security":
            self.problems.append(parameters["entry"]["text"])

    def open_page(self) -> None:
        """A page to work with."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def go(self, url: str) -> None:
        """Opens an address and waits until it has loaded, wherever it led to."""
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'", url)

    def get(self, expression: str) -> Any:
        """What a script's expression comes to, as JSON; None where the page is just changing."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        return answer["result"].get("value")

    def wait(self, expression: str, what: str = "", seconds: float = 120.0) -> None:
        """Waits until the expression is true."""
        deadline = time.monotonic() + seconds
        while not self.get(f"Boolean({expression})"):
            assert time.monotonic() < deadline, f"{what or expression}; at {self.get('location.href')}"
            time.sleep(0.05)

    def click(self, selector: str) -> None:
        """Presses and lets go of the mouse in the middle of the element, once it stands still."""
        place = self.get(STANDING % json.dumps(selector))
        assert place, f"no {selector}"
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1
            )

    def press(self, *keys: str) -> None:
        """Presses keys one after the other, as on a keyboard."""
        for key in keys:
            code, text = KEYS[key]
            pressed = {"key": key, "code": key, "windowsVirtualKeyCode": code}
            self.call("Input.dispatchKeyEvent", type="keyDown", **pressed, **({"text": text} if text else {}))
            self.call("Input.dispatchKeyEvent", type="keyUp", **pressed)

    def look(self, width: int = 1280, height: int = 900, *, dark: bool = False) -> None:
        """The size of the window, and which colours its owner prefers."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        still = {"name": "prefers-reduced-motion", "value": "reduce"}  # nothing glides away below the mouse
        self.call("Emulation.setEmulatedMedia", media="", features=[scheme, still])

    def picture(self, file: Path, most: int = 2400) -> None:
        """The page as a PNG, from its top, at most so high."""
        width, height = self.get("[innerWidth, Math.max(innerHeight, document.documentElement.scrollHeight)]")
        clip = {"x": 0, "y": 0, "width": width, "height": min(height, most), "scale": 1}
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(shot["data"]))

    def type(self, selector: str, text: str) -> None:
        """Puts a text into a field, as typed or pasted."""
        self.click(selector)
        self.get(f"document.querySelector({json.dumps(selector)}).select()")
        self.call("Input.insertText", text=text)


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A browser with a profile of its own, on an empty page."""
    found = binary()
    assert found is not None
    (their_in, our_out), (our_in, their_out) = os.pipe(), os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (their_in, their_out)]

    def place() -> None:
        os.dup2(high[0], 3)
        os.dup2(high[1], 4)

    process = subprocess.Popen(
        [
            found, "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--no-proxy-server", f"--user-data-dir={profile}", "about:blank",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(3, 4),
        preexec_fn=place,  # noqa: PLW1509 - it only moves two descriptors
        start_new_session=True,
    )  # fmt: skip
    for end in (their_in, their_out, *high):
        os.close(end)
    made = Browser(process, our_out, our_in)
    try:
        made.open_page()
        yield made
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(our_out)
        os.close(our_in)

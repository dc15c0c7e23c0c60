"""One training stage's clock, learning rate, log and checkpoint; a stage taken up again goes on where it was."""

import math
import time
from pathlib import Path

import torch


class Stage:
    """Runs until `steps` or `minutes`; `parts` (models, optimizer, averages) are saved every few minutes.

    The clock stands while the process is stopped: a step that took longer than half a minute counts as that.
    """

    def __init__(self, name, folder, settings, parts, writes=True):
        self.name, self.settings, self.parts, self.writes = name, settings, parts, writes
        self.path = Path(folder) / f"{name}.pt"
        self.step, self.seconds, self.losses = 0, 0.0, {}
        if self.path.exists():
            stored = torch.load(self.path, map_location="cpu", weights_only=True)
            self.step, self.seconds = stored["step"], stored["seconds"]
            for key, part in parts.items():
                if key in stored:                    # a model that is taken up has no optimizer
                    part.load_state_dict(stored[key])
        self.begun = self.step
        self.last = self.saved = time.time()

    @property
    def progress(self):
        """0...1, the further of steps and time."""
        limit = self.settings.get("minutes", 0) * 60
        return min(1, max(self.step / self.settings["steps"], self.seconds / limit if limit else 0))

    @property
    def finished(self):
        return self.progress >= 1

    def set_rate(self, optimizer, times=1):
        """A short warm-up, then half a cosine down to 2 % of the rate, `times` as much."""
        fall = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * self.progress))
        for group in optimizer.param_groups:
            group["lr"] = self.settings["rate"] * times * fall * min(1, (self.step - self.begun + 1) / 50)

    def advance(self, **losses):
        """Count a step; log a running mean of the losses now and then, save every three minutes."""
        now = time.time()
        self.step, self.seconds, self.last = self.step + 1, self.seconds + min(30, now - self.last), now
        for key, value in losses.items():
            value = float(value)
            self.losses[key] = 0.98 * self.losses.get(key, value) + 0.02 * value
        if self.writes and self.step % 50 == 0:
            told = " ".join(f"{key} {value:.4f}" for key, value in self.losses.items())
            print(f"{self.name} {self.step} {self.seconds:.0f}s {told}", flush=True)
        if now - self.saved > 180:
            self.save()

    def save(self):
        self.saved = time.time()
        if not self.writes:
            return
        state = {key: part.state_dict() for key, part in self.parts.items()}
        state |= {"step": self.step, "seconds": self.seconds, "losses": dict(self.losses)}
        part = self.path.with_suffix(".part")
        torch.save(state, part)
        part.replace(self.path)


class Average(torch.nn.Module):
    """An exponential moving average of some modules' weights."""

    def __init__(self, modules, decay):
        super().__init__()
        self.decay = decay
        self.register_buffer("count", torch.zeros(()))
        self.live = [p for module in modules for p in module.parameters()]
        self.kept = torch.nn.ParameterList([p.detach().clone() for p in self.live]).requires_grad_(False)

    @torch.no_grad()
    def update(self):
        self.count += 1
        weight = 1 - min(self.decay, float(self.count / (self.count + 10)))
        torch._foreach_lerp_(list(self.kept), self.live, weight)

    @torch.no_grad()
    def copy_to_models(self):
        for live, kept in zip(self.live, self.kept):
            live.copy_(kept)

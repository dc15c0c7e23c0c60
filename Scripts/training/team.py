"""Processes that train one model together, a thread each; a single one where a card does the work."""

import os
import tempfile
from datetime import timedelta

import torch
import torch.distributed as link
import torch.multiprocessing


class Team:
    """Every member draws pictures of its own; all take the same steps, by the mean of their gradients.

    On a few cores, processes of one thread each get more done than one process of as many threads.
    """

    def __init__(self, count):
        self.count = count

    def run(self, part, *arguments):
        """Call `part(rank, team, *arguments)` in every process and wait for them."""
        if self.count == 1:
            return part(0, self, *arguments)
        with tempfile.TemporaryDirectory() as folder:
            torch.multiprocessing.start_processes(
                self.join, (f"file://{folder}/meet", part, arguments), self.count, start_method="fork")

    def join(self, rank, meet, part, arguments):
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
        torch.set_num_threads(1)
        link.init_process_group("gloo", init_method=meet, rank=rank, world_size=self.count, timeout=timedelta(hours=6))
        part(rank, self, *arguments)
        link.destroy_process_group()

    def average(self, tensors):
        """Replace each tensor by the mean of all members'."""
        if self.count == 1:
            return
        flat = torch.cat([each.flatten() for each in tensors])
        link.all_reduce(flat)
        parts = torch.split(flat / self.count, [each.numel() for each in tensors])
        torch._foreach_copy_(tensors, [part.view_as(each) for part, each in zip(parts, tensors)])

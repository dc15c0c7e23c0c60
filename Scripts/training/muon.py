"""Momentum whose steps turn every direction of a weight matrix alike (Jordan et al. 2024, "Muon")."""

import torch


def orthogonal(matrix, rounds=5):
    """Nearly U V^T of the matrix U S V^T, by Newton and Schulz's iteration."""
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    x = wide / (wide.norm() + 1e-7)
    for _ in range(rounds):
        square = x @ x.T
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return x if matrix.shape[0] <= matrix.shape[1] else x.T


class Muon(torch.optim.Optimizer):
    """For weights of products and convolutions, [out, ...]. A step is as long as AdamW's at the same rate (Liu et al.
    2025, "Muon is Scalable for LLM Training"). Each member of `team` works out the steps of a share of the weights.
    """

    def __init__(self, parameters, lr, team, rank, momentum=0.95):
        super().__init__(parameters, {"lr": lr, "momentum": momentum})
        self.team, self.rank = team, rank

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            steps, load = [], [0] * self.team.count
            for p in group["params"]:
                state = self.state[p]
                if not state:
                    state["momentum"] = torch.zeros_like(p)
                state["momentum"].lerp_(p.grad, 1 - group["momentum"])
                ahead = p.grad.lerp(state["momentum"], group["momentum"]).flatten(1)
                member = load.index(min(load))
                load[member] += ahead.numel() * min(ahead.shape)
                steps.append(orthogonal(ahead) * self.team.count if member == self.rank else torch.zeros_like(ahead))
            self.team.average(steps)
            for p, step in zip(group["params"], steps):
                p.add_(step.view_as(p), alpha=-group["lr"] * 0.2 * max(step.shape) ** 0.5)

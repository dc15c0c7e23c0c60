"""A network that tells drawn pictures from decoded ones, for the decoder to be trained against."""

import torch
import torch.nn.functional as F


def slopes(pixels):
    """Those of brightness along rows and columns, weak ones shown nearly as strong as edges: [count, 2, height, width]."""
    light = F.pad((pixels * pixels.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True), (0, 1, 0, 1), mode="replicate")
    along = torch.cat([light.diff(dim=3)[:, :, :-1], light.diff(dim=2)[:, :, :, :-1]], 1)
    return torch.asinh(along / 0.02) / 3


class Critic(torch.nn.Module):
    """Scores of patches of 34 pixels a side, every 4 pixels (Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks")."""

    def __init__(self, channels=(24, 48, 64)):
        super().__init__()
        first, second, third = channels
        self.layers = torch.nn.ModuleList([
            torch.nn.Conv2d(5, first, 4, 2, 1), torch.nn.Conv2d(first, second, 4, 2, 1),
            torch.nn.Conv2d(second, third, 3, 1, 1), torch.nn.Conv2d(third, third, 3, 1, 1)])
        self.norms = torch.nn.ModuleList([torch.nn.Identity(), *(torch.nn.GroupNorm(4, c) for c in (second, third, third))])
        self.last = torch.nn.Conv2d(third, 1, 3, 1, 1)

    def forward(self, pixels):
        """Scores [count, 1, height / 4, width / 4] and what each layer holds."""
        held, x = [], torch.cat([pixels, slopes(pixels)], 1)
        for layer, norm in zip(self.layers, self.norms):
            x = F.leaky_relu(norm(layer(x)), 0.2)
            held.append(x)
        return self.last(x), held

"""Soft-edged shapes and noise on a float RGB canvas, in coordinates that do not depend on its size.

y runs from 0 (top) to 1 (bottom); x in the same unit, so from 0 to width / height.
"""

import numpy as np
from PIL import Image


class Canvas:
    """A picture being drawn: `rgb` is [height, width, 3] in 0...1, x and y hold each sample's place."""

    def __init__(self, width, height, rng):
        self.width, self.height, self.rng = width, height, rng
        self.aspect = width / height
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        self.y, self.x = (y + 0.5) / height, (x + 0.5) / height
        self.rgb = np.zeros((height, width, 3), np.float32)

    def cover(self, signed_distance):
        """Coverage 0...1 of each sample by the shape that is positive inside (distance in canvas units)."""
        return np.clip(signed_distance * self.height + 0.5, 0, 1)

    def paint(self, coverage, color):
        """Lay a colour ([3] or [height, width, 3]) over the canvas where `coverage` says."""
        self.rgb += coverage[..., None] * (np.asarray(color, np.float32) - self.rgb)

    def noise(self, cells_down, cells_across=None):
        """Smooth noise in about -1...1 whose lattice has the given number of cells."""
        across = cells_across or max(2, round(cells_down * self.aspect))
        lattice = self.rng.uniform(-1, 1, (int(cells_down) + 1, int(across) + 1)).astype(np.float32)
        picture = Image.fromarray(lattice).resize((self.width, self.height), Image.BICUBIC)
        return np.asarray(picture, np.float32)

    def fractal(self, cells=3, octaves=4, stretch=1.0):
        """Noise over several octaves; `stretch` > 1 draws it out sideways."""
        total = np.zeros((self.height, self.width), np.float32)
        for octave in range(octaves):
            down = cells * 2**octave
            total += self.noise(down, max(2, round(down * self.aspect / stretch))) / 2**octave
        return total / 1.6

    def ellipse(self, x, y, radius_x, radius_y):
        distance = np.hypot((self.x - x) / radius_x, (self.y - y) / radius_y)
        return self.cover((1 - distance) * np.minimum(radius_x, radius_y))

    def polygon(self, points):
        """Coverage of a convex polygon whose corners run clockwise on the screen."""
        inside = np.full(self.x.shape, 9, np.float32)
        for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1]):
            length = max(np.hypot(x1 - x0, y1 - y0), 1e-6)
            edge = ((x1 - x0) * (self.y - y0) - (y1 - y0) * (self.x - x0)) / length
            np.minimum(inside, edge, out=inside)
        return self.cover(inside)

    def box(self, x0, y0, x1, y1):
        return self.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])

    def below(self, line):
        """Coverage of everything under a line given as one y per column."""
        return self.cover(self.y - line[None, :])

    def ridge(self, cells, octaves, roughness=0.5):
        """A random line over the columns, about -1...1."""
        total, columns = np.zeros(self.width, np.float32), self.x[0] / self.aspect
        for octave in range(octaves):
            count = cells * 2**octave
            knots = self.rng.uniform(-1, 1, count + 3)
            at = columns * count
            low = at.astype(int)
            share = at - low
            if octave == 0:
                share = share * share * (3 - 2 * share)
            total += roughness**octave * (knots[low] * (1 - share) + knots[low + 1] * share)
        return total

"""Samplers and spacings of k-diffusion that diffusers does not have, worked out from their equations.

No code of k-diffusion runs here. In its terms x = z0 + sigma * n and D(x, sigma) is the clean estimate.
DPM++ 2S a: Lu et al. 2022, "DPM-Solver++", algorithm 1, to sigma_down, then noise up.
DPM++ 2M SDE and 3M SDE: the same paper's appendix D; exact integrals of the polynomial through the last
estimates in lambda = -ln sigma, with noise of the Brownian path between the levels.
All numbers are of double precision, the noise apart.
"""

import math

import numpy
import torch
import torchsde


def uniform(logs, steps):
    """A1111's "Uniform"."""
    places = numpy.linspace(len(logs) - 1, 0, steps)
    return numpy.exp(numpy.interp(places, numpy.arange(len(logs)), logs))


def sgm_uniform(logs, steps):
    places = numpy.linspace(len(logs) - 1, 0, steps + 1)[:-1]
    return numpy.exp(numpy.interp(places, numpy.arange(len(logs)), logs))


def simple(logs, steps):
    return numpy.exp([logs[-(1 + int(i * len(logs) / steps))] for i in range(steps)])


def karras(logs, steps):
    greatest, least = numpy.exp(logs[-1]) ** (1 / 7), numpy.exp(logs[0]) ** (1 / 7)
    return (greatest + numpy.linspace(0, 1, steps) * (least - greatest)) ** 7


def exponential(logs, steps):
    return numpy.exp(numpy.linspace(logs[-1], logs[0], steps))


def beta(logs, steps):
    from scipy import stats

    greatest, least = numpy.exp(logs[-1]), numpy.exp(logs[0])
    return least + (greatest - least) * stats.beta.ppf(1 - numpy.linspace(0, 1, steps), 0.6, 0.6)


ALIGNED = [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029]


def align_your_steps(logs, steps):
    places = numpy.linspace(0, 1, steps)
    return numpy.exp(numpy.interp(places, numpy.linspace(0, 1, 11), numpy.log(ALIGNED)))


SPACINGS = {
    "uniform": uniform,
    "sgm-uniform": sgm_uniform,
    "simple": simple,
    "karras": karras,
    "exponential": exponential,
    "polyexponential": exponential,
    "beta": beta,
    "align-your-steps": align_your_steps,
}


class Path:
    """Brownian increments over the sigmas of a run, scaled to unit variance."""

    def __init__(self, sigmas, shape, seed):
        noisy = [s for s in sigmas if s > 0]
        self.tree = torchsde.BrownianInterval(
            t0=min(noisy), t1=max(noisy), size=shape, dtype=torch.float32, entropy=seed, tol=1e-6,
            pool_size=24, halfway_tree=True,
        )
        self.queries = []

    def __call__(self, start, end):
        self.queries.append([start, end])
        return -self.tree(end, start).double() / math.sqrt(start - end)


def run(case, alphas, clean, noise, pattern):
    """The latents before the first and after each step, the timesteps, and the levels of the noise."""
    logs = (((1 - alphas.double()) / alphas.double()) ** 0.5).log().numpy()
    # A1111 discards the last level above 0 of this one, and spaces one more.
    more = case["scheduler"] == "dpmpp-3m-sde"
    sigmas = SPACINGS[case["sigmas"]](logs, case["steps"] + more)[:case["steps"]]
    # The levels are single in every program.
    sigmas = [float(numpy.float32(s)) for s in sigmas] + [0.0]
    skipped = 0
    if case["strength"] is not None:
        skipped = case["steps"] - int(min(case["strength"], 0.999) * case["steps"]) - 1
    path = Path(sigmas, clean.shape, 7)
    generator = torch.Generator().manual_seed(7)
    clean, noise, pattern = clean.double(), noise.double(), pattern.double()
    timesteps, visited = [], []

    def denoised(x, sigma):
        t = float(numpy.interp(math.log(sigma), logs, numpy.arange(len(logs))))
        timesteps.append(t)
        scaled = x / math.sqrt(sigma**2 + 1)
        return x - sigma * torch.tanh(0.7 * scaled + 0.3 * t / 1000 + pattern)

    def fresh():
        return torch.randn(clean.shape, generator=generator).double()

    sigmas = sigmas[skipped:]
    x = noise * sigmas[0] + (0 if case["strength"] is None else clean)
    visited.append(x)
    step = {"dpmpp-2s-ancestral": ancestral, "euler": euler}.get(case["scheduler"])
    if step:
        for start, end in zip(sigmas, sigmas[1:]):
            for x in step(x, start, end, denoised, fresh):
                visited.append(x)
    else:
        order = 3 if case["scheduler"] == "dpmpp-3m-sde" else 2
        scale = lambda s: 1 / math.sqrt(s * s + 1)
        for x in multistep(x, sigmas, denoised, path, order):
            visited.append(x)
        # Gesso keeps the latents of these at unit variance.
        visited = [x * scale(s) for x, s in zip(visited, sigmas)]
    rows = torch.stack(visited).reshape(len(visited), -1).float()
    return rows, torch.tensor(timesteps).float(), torch.tensor(path.queries).float()


def euler(x, start, end, denoised, fresh):
    d = (x - denoised(x, start)) / start
    yield x + d * (end - start)


def ancestral(x, start, end, denoised, fresh):
    first = denoised(x, start)
    if end == 0:
        yield first
        return
    up = min(end, math.sqrt(end**2 * (start**2 - end**2) / start**2))
    down = math.sqrt(end**2 - up**2)
    h = math.log(start / down)
    middle = start * math.exp(-h / 2)
    between = math.exp(-h / 2) * x - math.expm1(-h / 2) * first
    yield between
    second = denoised(between, middle)
    yield math.exp(-h) * x - math.expm1(-h) * second + fresh() * up


def multistep(x, sigmas, denoised, path, order):
    past = []
    for start, end in zip(sigmas, sigmas[1:]):
        past = [(math.log(start), denoised(x, start)), *past][:order]
        if end == 0:
            yield past[0][1]
            return
        h = math.log(start / end)
        mean = math.exp(-2 * h) * x - math.expm1(-2 * h) * past[0][1]
        if len(past) == 2 and order == 2:
            # The midpoint's rule: half the slope times the whole weight.
            r = (past[1][0] - past[0][0]) / h
            mean = mean - 0.5 * math.expm1(-2 * h) * (past[0][1] - past[1][1]) / r
        elif len(past) > 1:
            # Differences in lambda over h, by Newton's divided differences for order 3.
            slopes = [
                (a[1] - b[1]) / ((b[0] - a[0]) / h) for a, b in zip(past, past[1:])
            ]
            first, second = slopes[0], 0
            if len(past) == 3:
                near, far = (past[1][0] - past[0][0]) / h, (past[2][0] - past[1][0]) / h
                second = (slopes[0] - slopes[1]) / (near + far)
                first = slopes[0] + second * near
            phi2 = math.expm1(-2 * h) / (2 * h) + 1
            phi3 = phi2 / (2 * h) - 0.5
            mean = mean + phi2 * first - phi3 * second
        x = mean + path(start, end) * end * math.sqrt(-math.expm1(-2 * h))
        yield x

"""Every step of diffusers' schedulers around a small fake model.

The model knows nothing but its input and the timestep, so only the scheduler is tested:
output = tanh(0.7 * scaled_input + 0.3 * timestep / 1000 + pattern).
"""

import contextlib
import inspect
import json
import pathlib
import warnings

import diffusers
import torch
from diffusers.schedulers.scheduling_dpmsolver_sde import BrownianTreeNoiseSampler

from goldens import ksamplers, storing

SHAPE = (1, 4, 1, 2)
CLASSES = {
    "ddim": "DDIMScheduler",
    "ddpm": "DDPMScheduler",
    "euler": "EulerDiscreteScheduler",
    "euler-a": "EulerAncestralDiscreteScheduler",
    "dpmpp-2m": "DPMSolverMultistepScheduler",
    "heun": "HeunDiscreteScheduler",
    "lms": "LMSDiscreteScheduler",
    "unipc": "UniPCMultistepScheduler",
    "pndm": "PNDMScheduler",
    "lcm": "LCMScheduler",
    "dpmpp-2m-sde": "DPMSolverMultistepScheduler",
    "dpmpp-sde": "DPMSolverSDEScheduler",
    "deis": "DEISMultistepScheduler",
    "tcd": "TCDScheduler",
}
# What diffusers calls a scheduler of ours beside the class.
VARIANTS = {
    "dpmpp-2m-sde": {"algorithm_type": "sde-dpmsolver++"},
    "dpmpp-sde": {"noise_sampler_seed": 7},
}
# Distilled models have timesteps of their own; diffusers ignores another spacing.
DISTILLED = ["lcm", "tcd"]
SPACED = ["euler", "dpmpp-2m", "heun", "lms", "unipc", "dpmpp-2m-sde", "dpmpp-sde", "deis"]
STABLE_DIFFUSION = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
    "clip_sample": False,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
}
SHORT_BETAS = [round(0.002 + 0.0011 * i + 0.00002 * i * i, 6) for i in range(60)]


def case(scheduler, steps, strength=None, config=None, base=STABLE_DIFFUSION, **settings):
    """A run: `config` over `base` makes the file, `settings` are given apart from it."""
    configuration = {**(base or {}), **(config or {})}
    configuration.setdefault("_class_name", CLASSES.get(scheduler, "PNDMScheduler"))
    return {
        "scheduler": scheduler,
        "configuration": configuration,
        "steps": steps,
        "strength": strength,
        "timestep_spacing": settings.pop("timestep_spacing", None),
        "sigmas": settings.pop("sigmas", None),
        "eta": settings.pop("eta", 0.0),
        "masked": settings.pop("masked", False),
        **settings,
    }


def cases():
    """The runs worth keeping: each setting at least once with each scheduler that has it."""
    for name in CLASSES:
        yield case(name, 20)
        yield case(name, 20, 0.6)
        if name not in DISTILLED:
            yield case(name, 5, timestep_spacing="linspace")
            yield case(name, 5, timestep_spacing="trailing")
            yield case(name, 5, 0.6, timestep_spacing="trailing")
            yield case(name, 5, 0.6, timestep_spacing="linspace")
        yield case(name, 10, 0.5, masked=True)
        yield case(name, 5, masked=True)
        yield case(name, 6, 1.0, {"prediction_type": "v_prediction"})
        yield case(name, 6, 0.6, {"prediction_type": "v_prediction"})
        if name not in ("euler-a", "pndm", "dpmpp-sde"):
            yield case(name, 5, None, {"prediction_type": "sample"})
        yield case(name, 7, base=None, config={"skip_prk_steps": True})
        yield case(name, 5, config={"beta_schedule": "squaredcos_cap_v2"})
        yield case(name, 5, config={"beta_schedule": "linear"})
        short = {"trained_betas": SHORT_BETAS, "num_train_timesteps": 60}
        yield case(name, 5, config={**short, "original_inference_steps": 12})
        yield case(name, 8, 0.5, config={"_class_name": "PNDMScheduler"})
        yield case(name, 1)
    for name in ["ddim", "ddpm", "euler", "euler-a", "dpmpp-2m", "unipc", "lcm"]:
        zero = {"rescale_betas_zero_snr": True, "prediction_type": "v_prediction"}
        spacing = {} if name in DISTILLED else {"timestep_spacing": "trailing"}
        yield case(name, 6, config=zero, **spacing)
    for name in ["ddim", "ddpm", "heun", "lcm"]:
        yield case(name, 5, config={"clip_sample": True, "clip_sample_range": 0.8})
    for name in SPACED:
        for sigmas in ["karras", "exponential", "beta"]:
            yield case(name, 20, sigmas=sigmas)
            yield case(name, 5, 0.6, sigmas=sigmas, timestep_spacing="trailing")
            yield case(name, 6, sigmas=sigmas, config={"beta_schedule": "squaredcos_cap_v2"})
            yield case(name, 6, sigmas=sigmas, config={"sigma_min": 0.1, "sigma_max": 9.0})
        yield case(name, 6, config={"use_karras_sigmas": True})
    for eta in [0.5, 1.0]:
        yield case("ddim", 6, eta=eta)
        yield case("ddim", 10, 0.5, eta=eta, masked=True)
    yield case("ddim", 6, config={"set_alpha_to_one": True})
    yield case("ddim", 6, config={"clip_sample": True, "clip_sample_range": 0.5}, eta=0.3)
    for variance in ["fixed_small_log", "fixed_large"]:
        yield case("ddpm", 6, config={"variance_type": variance})
    yield case("ddpm", 6, config={"steps_offset": 0})
    yield from solver_cases()


def solver_cases():
    """The settings of one scheduler only."""
    for prediction in ["epsilon", "v_prediction"]:
        prk = {"skip_prk_steps": False, "prediction_type": prediction}
        yield case("pndm", 7, config=prk)
        yield case("pndm", 10, 0.7, config=prk)
    continuous = {"timestep_type": "continuous", "prediction_type": "v_prediction"}
    yield case("euler", 6, config=continuous)
    yield case("euler", 6, config={"interpolation_type": "log_linear"})
    yield case("euler", 6, config={"interpolation_type": "log_linear"}, sigmas="karras")
    for name in ["euler", "dpmpp-2m", "unipc"]:
        yield case(name, 6, config={"final_sigmas_type": "sigma_min"})
        yield case(name, 6, config={"final_sigmas_type": "sigma_min"}, sigmas="karras")
    for name in ["dpmpp-2m", "unipc"]:
        for order in [1, 3]:
            yield case(name, 8, config={"solver_order": order})
            yield case(name, 20, 0.5, config={"solver_order": order})
    yield case("dpmpp-2m", 8, config={"solver_type": "heun"})
    yield case("dpmpp-2m", 20, config={"solver_type": "heun", "euler_at_final": True})
    ends = {"final_sigmas_type": "sigma_min", "lower_order_final": False}
    yield case("dpmpp-2m", 8, config=ends)
    yield case("dpmpp-2m", 8, config={**ends, "solver_order": 3})
    yield case("dpmpp-2m", 8, config={**ends, "euler_at_final": True})
    yield case("dpmpp-2m", 8, config={"algorithm_type": "sde-dpmsolver++"})
    stochastic = {"algorithm_type": "sde-dpmsolver++", "solver_type": "heun"}
    yield case("dpmpp-2m", 20, 0.5, config=stochastic, sigmas="karras")
    clipped = {"beta_schedule": "squaredcos_cap_v2", "lambda_min_clipped": -5.1}
    for spacing in ["linspace", "leading"]:
        yield case("dpmpp-2m", 8, config=clipped, timestep_spacing=spacing)
    # With bh1 diffusers divides by zero where the last sigma is 0.
    bh1 = {"solver_type": "bh1", "final_sigmas_type": "sigma_min"}
    yield case("unipc", 8, config=bh1)
    yield case("unipc", 8, config={**bh1, "solver_order": 3})
    yield case("unipc", 8, config={"disable_corrector": [0, 1, 4]})
    yield case("unipc", 8, config=ends)
    for order in [1, 3]:
        yield case("deis", 8, config={"solver_order": order})
        yield case("deis", 20, 0.5, config={"solver_order": order})
    yield case("deis", 8, config={"lower_order_final": False, "solver_order": 3})
    for eta in [0.3, 1.0]:
        yield case("tcd", 4, eta=eta)
        yield case("tcd", 8, 0.5, eta=eta)
    yield case("lcm", 4)
    yield case("lcm", 4, config={"original_inference_steps": 20, "timestep_scaling": 2.0})
    for order, solver in [(2, "heun"), (3, "midpoint")]:
        noisy = {"algorithm_type": "sde-dpmsolver++", "solver_order": order, "solver_type": solver}
        yield case("dpmpp-2m", 8, config=noisy)
        yield case("dpmpp-2m-sde", 8, config={"solver_order": order, "solver_type": solver})


def run(case, clean, noise, pattern, mask):
    """The latents before the first and after each step, the timesteps, and the levels of the noise."""
    # Weights of order 3 cancel: in single precision diffusers itself is off by 4e-6.
    if case["scheduler"] == "deis":
        clean, noise, pattern, mask = (x.double() for x in (clean, noise, pattern, mask))
    file_class = getattr(diffusers, case["configuration"]["_class_name"])
    own_class = getattr(diffusers, CLASSES[case["scheduler"]])
    overrides = {}
    if case["timestep_spacing"]:
        overrides["timestep_spacing"] = case["timestep_spacing"]
    if case["sigmas"]:
        overrides[f"use_{case['sigmas']}_sigmas"] = True
    # As written in a file: no defaults of the class beside it.
    scheduler = file_class.from_config(dict(case["configuration"]))
    overrides |= VARIANTS.get(case["scheduler"], {})
    if own_class is not file_class or overrides:
        scheduler = own_class.from_config(scheduler.config, **overrides)

    steps, strength = case["steps"], case["strength"]
    scheduler.set_timesteps(steps)
    if case["scheduler"] == "deis":
        scheduler.sigmas = scheduler.sigmas.double()
    timesteps = scheduler.timesteps
    skipped = 0
    if strength is not None:
        skipped = max(steps - min(int(steps * strength), steps), 0) * scheduler.order
    timesteps = timesteps[skipped:]
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(skipped)
    if strength is None:
        x = noise * scheduler.init_noise_sigma
    else:
        x = scheduler.add_noise(clean, noise, timesteps[:1])

    accepted = inspect.signature(scheduler.step).parameters
    extra = {}
    if "generator" in accepted:
        extra["generator"] = torch.Generator().manual_seed(7)
    if "eta" in accepted:
        extra["eta"] = case["eta"]
    queries = []
    visited = [x]
    for i, t in enumerate(timesteps):
        scaled = scheduler.scale_model_input(x, t)
        output = torch.tanh(0.7 * scaled + 0.3 * t / 1000 + pattern)
        with watched(scheduler, queries):
            x = scheduler.step(output, t, x, return_dict=False, **extra)[0]
        if case["masked"]:
            known = clean
            if i < len(timesteps) - 1:
                known = scheduler.add_noise(clean, noise, timesteps[i + 1].reshape(1))
            x = (1 - mask) * known + mask * x
        visited.append(x)
    rows = torch.stack(visited).reshape(len(visited), -1).float()
    return rows, timesteps.float(), torch.tensor(queries).float()


@contextlib.contextmanager
def watched(scheduler, queries):
    """Notes the levels between which the noise of a Brownian path is asked for."""
    own = BrownianTreeNoiseSampler.__call__

    def call(sampler, start, end):
        queries.append([float(start), float(end)])
        return own(sampler, start, end)

    BrownianTreeNoiseSampler.__call__ = call
    yield
    BrownianTreeNoiseSampler.__call__ = own


def formula_cases():
    """What diffusers does not have: by A1111's rules, on its own spacings."""
    for sigmas in ksamplers.SPACINGS:
        for name in ["euler", "dpmpp-2s-ancestral"]:
            yield case(name, 10, sigmas=sigmas, rule="a1111")
    for name in ["dpmpp-2s-ancestral", "dpmpp-2m-sde", "dpmpp-3m-sde"]:
        for sigmas in ["karras", "exponential"]:
            yield case(name, 12, sigmas=sigmas, rule="a1111")
            yield case(name, 12, 0.5, sigmas=sigmas, rule="a1111")


def record(folder: pathlib.Path) -> None:
    warnings.filterwarnings("ignore")
    diffusers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(11)
    clean = torch.randn(SHAPE, generator=generator) * 0.8
    noise = torch.randn(SHAPE, generator=generator)
    pattern = torch.randn(SHAPE, generator=generator) * 0.5
    mask = torch.tensor([1.0, 0.0]).expand(SHAPE).contiguous()
    tensors = {"clean": clean, "noise": noise, "pattern": pattern, "mask": mask}
    recorded = []
    alphas = diffusers.EulerDiscreteScheduler.from_config(STABLE_DIFFUSION).alphas_cumprod
    for index, each in enumerate([*cases(), *formula_cases()]):
        if "rule" in each:
            visited, timesteps, queries = ksamplers.run(each, alphas, clean, noise, pattern)
        else:
            visited, timesteps, queries = run(each, clean, noise, pattern, mask)
        if not bool(torch.isfinite(visited).all()):
            raise ValueError(f"diffusers diverges in {each}")
        tensors[f"{index}.x"] = visited
        tensors[f"{index}.t"] = timesteps
        if len(queries):
            tensors[f"{index}.q"] = queries
        recorded.append(each)
    storing.save_tensors(folder / "schedulers.safetensors", tensors)
    about = {
        "diffusers": diffusers.__version__,
        "torch": torch.__version__,
        "model": "tanh(0.7 * scaled_input + 0.3 * timestep / 1000 + pattern)",
        "noise_seed": 7,
        "tensors": "N.x: latents before the first and after each step; N.t: timesteps; "
        "N.q: levels between which noise of a Brownian path was drawn",
    }
    lines = ",\n".join("  " + json.dumps(each, sort_keys=True) for each in recorded)
    head = json.dumps(about, indent=1)[:-2]
    (folder / "schedulers.json").write_text(f'{head},\n "cases": [\n{lines}\n ]\n}}\n')

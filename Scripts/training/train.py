"""Trains the built-in model, one resumable stage after another.

    python train.py --profile cpu --run run            # every stage
    python train.py --profile gpu --run run vae        # one of them
    python train.py --profile cpu --run run export --to ../../Fixtures/Models/gesso-builtin
    python train.py --profile cpu --run run take-up --from ../../Fixtures/Models/gesso-builtin

Stages: data, vae, latents, unet, inpaint, drafts, decoder, export. A stage that was stopped goes on from
its last checkpoint in the run folder; one that is done is left alone. `take-up` makes a new run
folder of an exported model of the same profile, for the stages to go on from, with the inpainting
variant where one lies beside it.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
import yaml


def sets(folder, wanted):
    """The drawn pictures of [[count, size, first, width], ...], memory-mapped, their captions, and how much of
    each latent is a small thing, 0...255."""
    files = [folder / "data" / f"{size}-{first}" for _, size, first, *_ in wanted]
    pictures = [np.load(f"{path}.npy", mmap_mode="r") for path in files]
    words = [[line.split("\t") for line in Path(f"{path}.txt").read_text().splitlines()] for path in files]
    small = [np.load(f"{path}-small.npy", mmap_mode="r") for path in files]
    return pictures, words, small


def draw_data(config, folder, device):
    from concurrent.futures import ProcessPoolExecutor

    import scenes

    with ProcessPoolExecutor(config["threads"]) as pool:
        jobs = []
        for kind in ("vae", "unet", "pairs"):
            for count, size, first, *width in config["data"][kind]:
                if not (folder / "data" / f"{size}-{first}-small.npy").exists():      # written last
                    jobs.append(pool.submit(scenes.dataset, folder / "data", count, size, first, *(width or [None]),
                                            kind == "pairs"))
        for job in jobs:
            job.result()


def train_vae(config, folder, device):
    import autoencoder

    autoencoder.train(config, folder, device, sets(folder, config["data"]["vae"])[0])


def write_drafts(config, folder, device):
    import drafts

    drafts.write(config, folder, device)


def train_decoder(config, folder, device):
    import decoder

    decoder.train(config, folder, device, sets(folder, config["data"]["unet"])[0])


def encode_latents(config, folder, device):
    """Latents of the UNet's pictures, scaled to unit variance; the factor is kept with them."""
    import autoencoder

    path = folder / "latents.pt"
    if path.exists():
        return
    model = autoencoder.build(config["vae"]).to(device, memory_format=torch.channels_last)
    stored = torch.load(folder / "vae.pt", map_location="cpu", weights_only=True)
    model.load_state_dict(stored["model"])
    pictures, words, _ = sets(folder, config["data"]["unet"] + config["data"]["pairs"])
    latents = [autoencoder.encode(model, config, device, each) for each in pictures]
    # A UNet that is taken up knows latents of its own scale.
    factor = stored.get("factor") or 1 / float(torch.cat([each.flatten() for each in latents]).std())
    print("scaling factor", factor, flush=True)
    torch.save({"factor": factor, "latents": [each * factor for each in latents], "words": words}, path)


def take_up(config, folder, model):
    """Checkpoints at step 0 with the weights of an exported model, and its tokenizer."""
    import shutil

    from diffusers import AutoencoderKL

    import autoencoder

    if (folder / "vae.pt").exists() or (folder / "unet.pt").exists():
        raise SystemExit(f"{folder} holds checkpoints already: name another folder with --run")
    vae = AutoencoderKL.from_pretrained(model / "vae").float()
    factor = vae.config.scaling_factor
    if list(vae.config.block_out_channels) != config["vae"]["channels"]:
        vae = autoencoder.widened(vae, config["vae"])
    torch.save({"step": 0, "seconds": 0.0, "model": vae.state_dict(), "factor": factor}, folder / "vae.pt")
    take_up_denoiser(folder / "unet.pt", model)
    inpaint = model.with_name(model.name + "-inpaint")
    if inpaint.exists():
        take_up_denoiser(folder / "inpaint.pt", inpaint)
    shutil.copytree(model / "tokenizer", folder / "tokenizer", dirs_exist_ok=True)


def take_up_denoiser(path, model):
    from diffusers import UNet2DConditionModel
    from transformers import CLIPTextModel

    from progress import Average

    unet = UNet2DConditionModel.from_pretrained(model / "unet").float()
    text = CLIPTextModel.from_pretrained(model / "text_encoder").float()
    parts = {"unet": unet, "text": text, "average": Average([unet, text], 0)}
    torch.save({"step": 0, "seconds": 0.0} | {key: part.state_dict() for key, part in parts.items()}, path)


def train_unet(config, folder, device):
    import denoiser

    denoiser.train(config, folder, device)


def train_inpaint(config, folder, device):
    import denoiser

    denoiser.train(config, folder, device, inpaint=True)


STAGES = {"data": draw_data, "vae": train_vae, "latents": encode_latents, "unet": train_unet,
          "inpaint": train_inpaint, "drafts": write_drafts, "decoder": train_decoder}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("stage", nargs="*", help="stages to run; all of them by default")
    options.add_argument("--profile", default="cpu", choices=["cpu", "gpu"])
    options.add_argument("--config", default=Path(__file__).with_name("config.yaml"))
    options.add_argument("--run", type=Path, required=True, help="folder of data and checkpoints")
    options.add_argument("--to", type=Path, help="model folder to export to")
    options.add_argument("--from", dest="model", type=Path, help="model folder to take up")
    options.add_argument("--minutes", type=float, help="another time limit for the stages named")
    options.add_argument("--threads", type=int)
    given = options.parse_intermixed_args()    # stages before and after their options
    config = yaml.safe_load(Path(given.config).read_text())[given.profile]
    config["threads"] = given.threads or config["threads"]
    torch.set_num_threads(config["threads"])
    torch.manual_seed(config["seed"])
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    given.run.mkdir(parents=True, exist_ok=True)
    for name in given.stage or [*STAGES, *(["export"] if given.to else [])]:
        if given.minutes and name in config:
            config[name]["minutes"] = given.minutes
        if name == "take-up":
            take_up(config, given.run, given.model)
        elif name == "export":
            import export

            export.write(config, given.run, given.to)
        else:
            STAGES[name](config, given.run, device)


if __name__ == "__main__":
    main()

"""A tiny safety checker with random weights, and what diffusers' class says of pictures.

The thresholds lie among the cosines of the pictures, so that some are refused and some are not, and
some only because a concept of special care made the rest stricter.
"""

import pathlib

import numpy
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import (
    StableDiffusionSafetyChecker,
    cosine_distance,
)
from PIL import Image
from transformers import CLIPConfig
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from goldens.storing import save_json, save_picture, save_tensors

VISION = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 28,
    "patch_size": 7,
    "hidden_act": "quick_gelu",
}
SIZES = [(28, 28), (40, 31), (30, 61), (97, 45), (28, 57), (64, 64), (33, 29), (20, 25)]


def record(folder: pathlib.Path) -> None:
    torch.manual_seed(131)
    configuration = CLIPConfig(vision_config=VISION, projection_dim=16)
    checker = StableDiffusionSafetyChecker(configuration).eval()
    for name, parameter in checker.named_parameters():
        parameter.requires_grad_(False)
        torch.nn.init.normal_(parameter, std=1 / parameter.shape[-1] ** 0.5)
        if "norm" in name and name.endswith("weight"):
            parameter += 1
    processor = CLIPImageProcessorPil(
        size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}
    )
    pictures = [picture(*size) for size in SIZES]
    pixels = torch.cat(
        [processor(Image.fromarray(p), return_tensors="pt").pixel_values for p in pictures]
    )
    embeddings = checker.visual_projection(checker.vision_model(pixels)[1])
    place_thresholds(checker, embeddings)
    write(folder / "safety", checker, pictures, pixels, embeddings)


def picture(width: int, height: int) -> numpy.ndarray:
    coarse = torch.rand(1, 3, 4, 4)
    fine = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic")
    values = (fine[0].permute(1, 2, 0) + 0.1 * torch.rand(height, width, 3)).clamp(0, 1)
    return (values * 255).round().byte().numpy()


def place_thresholds(checker: StableDiffusionSafetyChecker, embeddings: torch.Tensor) -> None:
    special = cosine_distance(embeddings, checker.special_care_embeds)
    concepts = cosine_distance(embeddings, checker.concept_embeds)
    checker.special_care_embeds_weights.copy_(special.median(0).values + 0.002)
    checker.concept_embeds_weights.copy_(concepts.max(0).values + 0.02)
    checker.concept_embeds_weights[0] = concepts[:, 0].median() + 0.004
    checker.concept_embeds_weights[1] = concepts[:, 1].max() + 0.004


def write(folder, checker, pictures, pixels, embeddings) -> None:
    configuration = checker.config.to_dict()
    vision = {name: configuration["vision_config"][name] for name in VISION}
    save_json(
        folder / "safety_checker" / "config.json", {"projection_dim": 16, "vision_config": vision}
    )
    # The names of checkpoints of that age, whatever transformers calls them now.
    weights = {
        name.replace("vision_model.", "vision_model.vision_model.")
        if "vision_model.vision_model." not in name and name.startswith("vision_model.")
        else name: weight
        for name, weight in checker.state_dict().items()
    }
    save_tensors(folder / "safety_checker" / "model.safetensors", weights)
    save_tensors(folder / "answers.safetensors", {"pixels": pixels, "embeddings": embeddings})
    # Refused pictures come back black.
    _, refused = checker(pixels, [numpy.ones((1, 1, 3)) for _ in pictures])
    answers = [answer(checker, embedding) for embedding in embeddings]
    for each, verdict in zip(answers, refused):
        assert any(score > 0 for score in each["concepts"]) == verdict
        each["refused"] = bool(verdict)
    save_json(folder / "answers.json", answers)
    for number, values in enumerate(pictures):
        save_picture(folder / f"{number}.png", values)


def answer(checker: StableDiffusionSafetyChecker, embedding: torch.Tensor) -> dict:
    """The scores that the class keeps to itself, by its rule."""
    special = cosine_distance(embedding[None], checker.special_care_embeds)[0].numpy()
    concepts = cosine_distance(embedding[None], checker.concept_embeds)[0].numpy()
    adjustment, scores = 0.0, []
    for cosine, threshold in zip(special, checker.special_care_embeds_weights):
        scores.append(float(round(cosine - threshold.item() + adjustment, 3)))
        if scores[-1] > 0:
            adjustment = 0.01
    refusals = [
        float(round(cosine - threshold.item() + adjustment, 3))
        for cosine, threshold in zip(concepts, checker.concept_embeds_weights)
    ]
    return {"special": scores, "concepts": refusals}

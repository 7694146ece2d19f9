"""Assigns optimizers to weights."""

from __future__ import annotations

import torch
from torch.optim import AdamW, Muon, Optimizer


ROUTER_PACE = 0.1
"""Learning rate of routers, relative to the others'. The penalty always pulls in one direction. At the full rate it closed the gates
before adapters had learnt to replace skipped layers, and the loss of a skipped layer does not reopen its gate."""


def optimizers(model: torch.nn.Module, kind: str, weight_decay: float) -> list[Optimizer]:
    """Returns AdamW for everything, or Muon for the layers' matrices and AdamW for the rest. Rates are set before each step.

    Muon (Jordan et al. 2024) orthogonalises a matrix's update; small models then learn in far fewer steps. It needs whole
    matrices: use AdamW if FSDP shards them.
    """
    trained = [(name, one) for name, one in model.named_parameters() if one.requires_grad]
    routers = [one for name, one in trained if "router." in name]
    wanted = [(name, one) for name, one in trained if "router." not in name]
    hidden = [one for name, one in wanted if kind == "muon" and one.dim() == 2 and ".layers." in name]
    taken = {id(one) for one in hidden}
    matrices = [one for _, one in wanted if one.dim() > 1 and id(one) not in taken]
    vectors = [one for _, one in wanted if one.dim() <= 1]
    groups = [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": vectors, "weight_decay": 0.0},
        {"params": routers, "weight_decay": 0.0, "pace": ROUTER_PACE},
    ]
    result: list[Optimizer] = [AdamW([group for group in groups if group["params"]], betas=(0.9, 0.95))]
    if hidden:
        # Scale its updates like AdamW's, so that one learning rate serves both.
        result.append(Muon(hidden, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"))
    return result

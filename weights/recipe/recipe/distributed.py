"""Training in several processes started by `torchrun`: sharded (FSDP), or with the whole model in each."""

from __future__ import annotations

import os

import torch
import torch.distributed as distributed
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

from recipe.cycles import MaskedPass


def start() -> tuple[int, int]:
    """Joins the processes started by `torchrun`. Returns this process's rank and their number."""
    if "RANK" not in os.environ:
        return 0, 1
    has_gpu = torch.cuda.is_available()
    if has_gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("nccl" if has_gpu else "gloo")
    return distributed.get_rank(), distributed.get_world_size()


def sharded(masked: MaskedPass, computation: torch.dtype) -> MaskedPass:
    """Shards each layer, then the rest. Weights keep their type; passes compute in `computation`."""
    policy = MixedPrecisionPolicy(param_dtype=computation, reduce_dtype=torch.float32)
    for layer in masked.model.model.layers:
        fully_shard(layer, mp_policy=policy)
    return fully_shard(masked, mp_policy=policy)


def average_gradients(masked: torch.nn.Module) -> None:
    """Averages gradients over processes that each hold the whole model."""
    gradients = [one.grad for one in masked.parameters() if one.grad is not None]
    whole = torch.cat([one.flatten() for one in gradients])
    distributed.all_reduce(whole)
    whole /= distributed.get_world_size()
    for one, mean in zip(gradients, whole.split([one.numel() for one in gradients])):
        one.copy_(mean.view_as(one))

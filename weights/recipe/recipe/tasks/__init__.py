"""The task suite: generators of questions and answers. Training and held-out items are disjoint."""

from recipe.tasks.suite import SUITE, Item, Task, held_out_items, training_item

__all__ = ["SUITE", "Item", "Task", "held_out_items", "training_item"]

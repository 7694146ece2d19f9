"""A head for cycles as an add-on: fine-tuned copies of a checkpoint's last layers; everything else stays as it is."""

"""An add-on head for cycles: fine-tuned copies of a checkpoint's last layers. The checkpoint stays unchanged."""

"""What a study is: configuration, training, tracking, sweeps, evaluation, reports. The one room that knows Lightning and W&B."""

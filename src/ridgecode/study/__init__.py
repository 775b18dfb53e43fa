"""What a study is: training, tracking, sweeps, evaluation, reports. The one room that knows Lightning and W&B."""

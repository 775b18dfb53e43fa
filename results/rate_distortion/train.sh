#!/usr/bin/env bash
# Trains the models of this study, each from one before it: in one thread but for the last two, and some on a GPU, which five
# trainings share. (Without one a minute of theirs is about 14 of a thread: raise their --max_minutes.)
#   results/rate_distortion/train.sh STORE [RUNS]
# Runs that are finished are left as they are, so the command goes on where it was stopped. What it starts from are
# shipped models, and runs that results/latent_size_mse/train.sh makes in the same RUNS.
set -euo pipefail
store=${1:?give a prepared store} runs=${2:-runs}
sizes=$runs/latent_size_mse/runs stages=$runs/stages kept=$runs/rate_distortion/runs

train() { # FOLDER WEIGHT START LEARNING_RATE MINUTES FLAGS...
  local folder=$1 weight=$2 start=$3 rate=$4 minutes=$5
  shift 5
  ridgecode train-autoencoder --data "$store" --run_dir "$folder" --rate_weight "$weight" --start_from "$start" \
    --learning_rate "$rate" --max_minutes "$minutes" --threads 1 --evaluate False "$@"
}

# Crops: each from a model that was trained without a rate, with fewer dims for fewer bytes.
for weight in 0.2 0.1 0.05 0.025; do
  train "$kept/crop32-$weight" $weight ridge-crop32-128 1e-3 3 --latent_dim 128
done
train "$kept/crop32-0.07" 0.07 ridge-crop32-128 1e-3 8 --latent_dim 128 --train_crops near
train "$kept/crop32-0.0125" 0.0125 "$sizes/latent_dim-256" 1e-3 4 --latent_dim 256
train "$kept/crop32-0.006" 0.006 "$sizes/latent_dim-512" 1e-3 4 --latent_dim 512 --latent_layer grid

# Whole prints in 512 dims, from the shipped ones.
W="--view whole --latent_dim 512"
train "$kept/whole-0.2" 0.2 ridge-whole-512 1e-3 30 $W
train "$kept/whole-0.12" 0.12 "$kept/whole-0.2" 7e-4 12 $W
train "$kept/whole-0.16" 0.16 "$kept/whole-0.12" 5e-4 5 $W
train "$kept/whole-0.5" 0.5 "$kept/whole-0.2" 1e-3 6 $W

# The same with a matching loss.
for weight in 0.003 0.03; do
  train "$kept/whole-identity-$weight" 0.12 "$kept/whole-0.12" 1e-3 10 $W --identity_weight $weight
done

# Whole prints in 3,456 dims: crops without a rate (the kept run was stopped after 4 of 20 minutes), then whole prints.
ridgecode train-autoencoder --data "$store" --run_dir "$stages/crop32-512-narrow" --latent_dim 512 \
  --latent_layer grid --start_from "$stages/128-grid" --max_minutes 5 --threads 1 --evaluate False
W="--view whole --latent_dim 3456 --latent_layer grid"
train "$kept/whole-0.03" 0.03 "$stages/crop32-512-narrow" 2e-3 75 $W --blocks 2
for weight in 0.012 0.07; do
  train "$stages/whole-$weight-short" $weight "$kept/whole-0.03" 1e-3 7 $W
done
train "$stages/whole-0.005-short" 0.005 "$stages/whole-0.012-short" 1.5e-3 10 $W

# On the GPU, where there is one. Convolutions in TF32: `--precision 32`.
G="$W --batch_size 32 --max_epochs 100000 --precision 32 --threads 3"
train "$stages/whole-0.0275-a" 0.0275 "$kept/whole-0.03" 2e-3 8.4 $G &
train "$kept/whole-0.012" 0.012 "$stages/whole-0.012-short" 2e-3 8.4 $G &
for weight in 0.005 0.07; do
  train "$kept/whole-$weight" $weight "$stages/whole-$weight-short" 2e-3 8.4 $G --train_crops warped &
done
# The same warped, which ended with a val_loss of 0.0254 in place of 0.0252: it kept the GPU as busy.
train "$stages/whole-0.0275-warped" 0.0275 "$kept/whole-0.03" 2e-3 8.4 $G --train_crops warped &
for job in $(jobs -p); do
  wait "$job"
done
train "$stages/whole-0.0275-b" 0.0275 "$stages/whole-0.0275-a" 2e-3 3 $G --batch_size 64

# Two threads of a CPU again.
train "$stages/whole-0.0275-c" 0.0275 "$stages/whole-0.0275-b" 2e-3 96 $W --blocks 3 --threads 2 --device cpu
train "$kept/whole-0.0278" 0.0278 "$stages/whole-0.0275-c" 8e-4 19 $W --threads 2 --device cpu

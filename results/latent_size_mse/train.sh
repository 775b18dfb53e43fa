#!/usr/bin/env bash
# Trains the seven autoencoders of this study, each from a model before it, in one thread: 3 hours and 12 minutes in all.
#   results/latent_size_mse/train.sh STORE [RUNS]
# Runs that are finished are left as they are, so the command goes on where it was stopped.
set -euo pipefail
store=${1:?give a prepared store} runs=${2:-runs}
stages=$runs/stages kept=$runs/latent_size_mse/runs

train() { # DIMS MINUTES FOLDER FLAGS...
  local dims=$1 minutes=$2 folder=$3
  shift 3
  ridgecode train-autoencoder --data "$store" --latent_dim "$dims" --max_minutes "$minutes" --run_dir "$folder" \
    --threads 1 --evaluate False "$@"
}

# 128 dims: a grid from nothing, one more block a scale, then patches.
train 128 20 "$stages/128-grid"
train 128 12 "$stages/128-deep" --start_from "$stages/128-grid" --latent_layer grid --blocks 2
train 128 11 "$kept/latent_dim-128" --start_from "$stages/128-deep"

# 64 dims: a grid from nothing, patches, then one more block a scale.
train 64 20 "$stages/64-grid"
train 64 7.5 "$stages/64-patches" --start_from "$stages/64-grid" --learning_rate 3e-3
train 64 12 "$kept/latent_dim-64" --start_from "$stages/64-patches" --blocks 2 --learning_rate 3e-3

# 32 dims from 64, 16 from 32, 8 from 16; one more block a scale at the end.
train 32 12 "$stages/32-linear" --start_from "$stages/64-grid" --latent_layer linear
train 32 8 "$stages/32-patches" --start_from "$stages/32-linear" --learning_rate 3e-3
train 32 13 "$kept/latent_dim-32" --start_from "$stages/32-patches" --blocks 2 --learning_rate 3e-3
train 16 7.5 "$stages/16-patches" --start_from "$stages/32-patches"
train 16 5 "$stages/16-near" --start_from "$stages/16-patches" --train_crops near
train 16 12 "$stages/16-deep" --start_from "$stages/16-near" --train_crops near --blocks 2
train 16 6 "$kept/latent_dim-16" --start_from "$stages/16-deep" --train_crops near --learning_rate 2e-3
train 8 12 "$kept/latent_dim-8" --start_from "$stages/16-deep" --train_crops near

# 512 dims with wider layers from nothing, and 256 from them.
train 512 20 "$kept/latent_dim-512" --blocks 2 --width 64
train 256 9 "$stages/256-random" --start_from "$kept/latent_dim-512"
train 256 5 "$kept/latent_dim-256" --start_from "$stages/256-random" --train_crops near --learning_rate 2e-3

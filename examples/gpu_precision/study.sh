#!/usr/bin/env bash
# The runs of the study, one after another: study.sh [SEED …]
#
# Run it in a code repository with the programs, whose labrec.toml points at the lab (README.md). In
# every round the experiments come in another order, so that no format always has the warm card.
set -eu

names=(1_narrow 2_from_1_tf32 3_from_1_bfloat16 4_from_1_float16
       5_from_1_wide 6_from_5_tf32 7_from_5_bfloat16 8_from_5_float16)
round=0
[ $# -gt 0 ] || set -- 1 2 3 4 5
for seed in "$@"; do
  for place in "${!names[@]}"; do
    name=${names[(place + 3 * round) % ${#names[@]}]}
    claim=()
    case $name in 5_* | 7_*) claim=(--hypothesis bfloat16-energy) ;; esac
    labrec run --project gpu-precision --name "$name" --seed "$seed" "${claim[@]}" \
      --features "features/$name.json" -- python train_gpu.py "features/$name.json" --seed "$seed"
  done
  round=$((round + 1))
done

#!/usr/bin/env bash
# Measures the minutiae matchers bozorth3 and orb on all comparison lists of results/matching.
#   results/matching/minutiae.sh SOCOFING_STORE IMPRESSIONS_STORE FVC_STORE FOLDER [PROCESSES]
# SOCOFing: 67 Real prints of the validation subjects and their altered prints, since all would take hours. The other
# lists are those of measure.sh. A stopped command goes on with the templates and scores in FOLDER/minutiae-templates.
set -euo pipefail
socofing=${1:?give a store} impressions=${2:?} fvc=${3:?} folder=${4:?give a folder for the files} jobs=${5:-1}
mkdir -p "$folder"
measure() {
    ridgecode evaluate-minutiae --matcher "$1" --split "$3" --data "$4" --protocol "$5" --max_prints "$6" \
        --jobs "$jobs" --threads 1 --out "$folder/$1-$2.json"
}
for matcher in bozorth3 orb; do
    measure $matcher impressions test "$impressions" impressions-all 100000
    measure $matcher fvc all "$fvc" impressions-all 100000
    measure $matcher moved val "$socofing" moved 67
    measure $matcher aligned val "$socofing" aligned 67
done

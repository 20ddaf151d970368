# Sourced by run.sh: the figures, their limits, and the table at the end.
rows=()
over=0

# judged VALUE LIMIT: sets $verdict, and counts what is over its limit.
judged() {
  if awk -v a="$1" -v b="$2" 'BEGIN {exit !(a <= b)}'; then
    verdict=ok
  else
    verdict=over
    over=$((over + 1))
  fi
}

# row WORK REACH MEASURED VERDICT NOTE
row() { rows+=("$1|$2|$3|$4|$5"); }

heading() { rows+=("# $1|$2|$3||$4"); }

print_table() {
  local line work reach measured verdict note
  for line in "${rows[@]}"; do
    IFS='|' read -r work reach measured verdict note <<<"$line"
    if [[ $work == '# '* ]]; then
      printf '\n%-46s %-22s %-24s %-5s %s\n' "${work#\# }" "$reach" "$measured" "" "$note"
      printf '%.0s-' {1..130}
      printf '\n'
    else
      printf '%-46s %-22s %-24s %-5s %s\n' "$work" "$reach" "$measured" "$verdict" "$note"
    fi
  done
}

function lanes = rans_lanes(count)
  % Lanes for so many symbols: the power of two that leaves 1024 or more to each, at most 8192.
  lanes = 1;
  while lanes < 8192 && 2048 * lanes <= count
    lanes = 2 * lanes;
  end
end

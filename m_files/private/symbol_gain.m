function gain = symbol_gain(symbols)
  % By how much a symbol's weight grows each time that it is met.
  gain = 2 + floor(symbols / 8);
end

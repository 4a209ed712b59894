function bits = bits_for(levels)
  % Bits that the code of one of so many levels needs, at least 1.
  bits = max(1, ceil(log2(levels)));
end

function name = code_class(kind, bits)
  % Name of the smallest integer class of KIND, "int" or "uint", with that many bits.
  sizes = [8, 16, 32];
  name = sprintf('%s%d', kind, sizes(find(bits <= sizes, 1)));
end

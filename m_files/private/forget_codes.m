function layer = forget_codes(layer)
  % A layer without the codes that no longer match its weights.
  names = {'codes', 'scale', 'zero_point', 'codebook', 'bits', 'scheme'};
  layer = rmfield(layer, names(isfield(layer, names)));
end

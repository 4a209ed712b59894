function layer = forget_range(layer)
  % A layer that does not quantize its inputs.
  names = {'input_scale', 'input_zero_point', 'input_bits'};
  layer = rmfield(layer, names(isfield(layer, names)));
end

function layer = held_layer(layer)
  % A layer ready to be retrained: plain weights, zero where its mask forbids a connection.
  if ~any(isfield(layer, {'mask', 'codes'})) && ~all(layer.weights(:))
    layer.mask = layer.weights ~= 0;
  end
  if isfield(layer, 'mask')
    layer.weights(~layer.mask) = 0;
  end
  layer = forget_range(forget_codes(layer));
end

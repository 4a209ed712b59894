function weights = decode_weights(layer)
  % The weights that a layer's codes stand for, as double.
  codes = double(layer.codes);
  if strcmp(layer.scheme, 'grid')
    weights = codes ./ round(1 ./ double(layer.scale));
  else
    weights = (codes - double(layer.zero_point)) .* double(layer.scale);
  end
end

function weights = decode_weights(layer, kind)
  % The weights that a layer's codes stand for, in the float class KIND, where they saturate.
  if strcmp(layer.scheme, 'grid')
    largest = double(realmax(kind));
    weights = double(layer.codes) ./ max(round(1 ./ layer.scale), 1);
    weights = cast(min(max(weights, -largest), largest), kind);
  else
    weights = decode_codes(layer.codes, layer.scale, layer.zero_point, kind);
  end
end

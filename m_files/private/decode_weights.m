function weights = decode_weights(layer, kind)
  % The weights that a layer's codes stand for, in the float class KIND, where they saturate.
  switch layer.scheme
    case 'codebook'
      levels = limited(layer.codebook, kind);
      weights = reshape(levels(double(layer.codes) + 1), size(layer.codes));
    case 'grid'
      weights = limited(double(layer.codes) ./ max(round(1 ./ layer.scale), 1), kind);
    otherwise
      weights = decode_codes(layer.codes, layer.scale, layer.zero_point, kind);
  end
end

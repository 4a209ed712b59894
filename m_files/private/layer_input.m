function x = layer_input(layer, x)
  % What a layer computes with: X rounded to whole numbers where the layer quantizes its inputs.
  if isfield(layer, 'input_scale')
    codes = round(double(x) / layer.input_scale) + layer.input_zero_point;
    codes = min(max(codes, 0), 2^layer.input_bits - 1);
    codes(isnan(x)) = NaN;  % max takes NaN for nothing
    x = cast((codes - layer.input_zero_point) * layer.input_scale, class(x));
  end
end

function [layer, following] = select_neurons(layer, following, chosen)
  % A hidden layer with the CHOSEN neurons alone, in that order, and the layer after it to match.
  inputs = columns(following.weights);
  for name = {'weights', 'mask', 'codes', 'scale', 'zero_point'}
    field = name{1};
    % Of scales, those that are one a neuron or one an input.
    if isfield(layer, field) && rows(layer.(field)) == inputs
      layer.(field) = layer.(field)(chosen, :);
    end
    if isfield(following, field) && columns(following.(field)) == inputs
      following.(field) = following.(field)(:, chosen);
    end
  end
  layer.bias = layer.bias(chosen);
end

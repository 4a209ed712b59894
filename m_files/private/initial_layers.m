function layers = initial_layers(sizes, activation, last, type)
  % Untrained layers: weights from randn, from the first layer to the last, scaled by He's rule
  % before a relu and by 1 / sqrt (inputs) elsewhere; biases are zero.
  layers = cell(1, numel(sizes) - 1);
  for k = 1:numel(layers)
    layer = struct('type', 'dense', 'weights', [], 'bias', [], 'activation', activation);
    if k == numel(layers)
      layer.activation = last;
    end
    gain = 1;
    if strcmp(layer.activation, 'relu')
      gain = 2;
    end
    layer.weights = cast(randn(sizes(k + 1), sizes(k)) * sqrt(gain / sizes(k)), type);
    layer.bias = zeros(sizes(k + 1), 1, type);
    layers{k} = layer;
  end
end

function layers = model_layers(op, argument, model)
  % The layers of a model of either shape, checked and complete: a row of cells of structs with
  % type, weights, bias (a column of the weights' class) and activation; other fields are kept.
  if ~(isstruct(model) && isscalar(model) && any(isfield(model, {'layers', 'W', 'codes'})))
    type_error(op, argument, 'be a model: a struct with the field layers, or W and b');
  end
  if isfield(model, 'layers')
    layers = model.layers;
    if isstruct(layers)
      layers = num2cell(layers);
    end
    layers = reshape(layers, 1, []);
  else
    layers = layers_from_cells(model);
  end
  if isempty(layers)
    type_error(op, argument, 'have layers');
  end
  inputs = [];
  for k = 1:numel(layers)
    name = sprintf('layer %d of %s', k, argument);
    layers{k} = complete_layer(op, name, layers{k}, k == numel(layers));
    if k > 1 && columns(layers{k}.weights) ~= inputs
      value_error(op, name, sprintf('take %d inputs', inputs), ...
                  sprintf('%d', columns(layers{k}.weights)));
    end
    inputs = rows(layers{k}.weights);
  end
  if any(cellfun(@(layer) isa(layer.weights, 'double'), layers))
    % One class for the whole network, as a Model in Python has.
    for k = 1:numel(layers)
      layers{k}.weights = double(layers{k}.weights);
      layers{k}.bias = double(layers{k}.bias);
    end
  end
end

function layers = layers_from_cells(model)
  [cells, fields] = model_cells();
  present = isfield(model, cells);
  first = find(present, 1);
  layers = repmat({struct()}, 1, numel(model.(cells{first})));
  for k = find(present)
    values = model.(cells{k});
    if ~iscell(values)
      values = num2cell(values);
    end
    for i = 1:min(numel(values), numel(layers))
      if ~isempty(values{i}) || strcmp(cells{k}, 'W')
        layers{i}.(fields{k}) = values{i};
      end
    end
  end
end

function layer = complete_layer(op, name, layer, is_last)
  % A file may hold these as whole numbers, whose arithmetic rounds and saturates.
  for name_of = {'scale', 'zero_point', 'bits', 'input_scale', 'input_zero_point', 'input_bits'}
    if isfield(layer, name_of{1})
      layer.(name_of{1}) = double(layer.(name_of{1}));
    end
  end
  if isfield(layer, 'type') && ~strcmp(layer.type, 'dense')
    type_error(op, name, 'be of type dense');
  end
  if ~isfield(layer, 'weights')
    if ~isfield(layer, 'codes')
      type_error(op, name, 'have weights or codes');
    end
    layer.weights = decode_weights(layer);
    if isfield(layer, 'bias') && isa(layer.bias, 'single')
      layer.weights = single(layer.weights);
    end
  end
  layer.type = 'dense';
  layer.weights = check_matrix(op, name, layer.weights);
  if ~isfield(layer, 'bias')
    layer.bias = zeros(rows(layer.weights), 1);
  end
  layer.bias = check_matrix(op, name, layer.bias(:));
  layer.bias = cast(layer.bias, class(layer.weights));
  if numel(layer.bias) ~= rows(layer.weights)
    value_error(op, ['the bias of ', name], sprintf('have %d elements', rows(layer.weights)), ...
                sprintf('%d', numel(layer.bias)));
  end
  if ~isfield(layer, 'activation')
    layer.activation = 'relu';
    if is_last
      layer.activation = 'linear';
    end
  end
  check_choice(op, ['the activation of ', name], layer.activation, ...
               {'linear', 'relu', 'sigmoid', 'tanh', 'softmax'});
  if isfield(layer, 'mask')
    layer.mask = logical(layer.mask);
    check_same_size(op, ['the mask of ', name], layer.mask, 'its weights', layer.weights);
  end
end

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
    elseif ~iscell(layers)
      layers = {layers};
    end
    layers = reshape(layers, 1, []);
  else
    layers = layers_from_cells(op, argument, model);
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
    layers = cellfun(@double_layer, layers, 'UniformOutput', false);
  end
end

function layer = double_layer(layer)
  if isfield(layer, 'codes')
    layer.weights = held_weights(layer, decode_weights(layer, 'double'));
    if isfield(layer, 'codebook')
      layer.codebook = double(layer.codebook);
    end
  end
  layer.weights = double(layer.weights);
  layer.bias = double(layer.bias);
end

function layers = layers_from_cells(op, argument, model)
  [cells, fields] = model_cells();
  present = cellfun(@(name) isfield(model, name) && ~isequal(size(model.(name)), [0, 0]), cells);
  layers = {};
  for k = find(present)
    values = model.(cells{k});
    if ~iscell(values)
      if numel(layers) > 1
        type_error(op, [cells{k}, ' of ', argument], 'be a cell array, one cell a layer');
      end
      values = {values};
    end
    if isempty(layers)
      layers = repmat({struct()}, 1, numel(values));
    end
    for i = 1:min(numel(values), numel(layers))
      layers{i}.(fields{k}) = values{i};
    end
  end
end

function layer = complete_layer(op, name, layer, is_last)
  if ~(isstruct(layer) && isscalar(layer))
    type_error(op, name, 'be a struct');
  end
  names = fieldnames(layer);
  % What Octave fills a struct array with is missing.
  missing = cellfun(@(field) isequal(size(layer.(field)), [0, 0]), names);
  layer = rmfield(layer, names(missing));
  if isfield(layer, 'type') && ~strcmp(layer.type, 'dense')
    type_error(op, name, 'be of type dense');
  end
  if ~any(isfield(layer, {'weights', 'codes'}))
    type_error(op, name, 'have weights or codes');
  end
  if isfield(layer, 'codes')
    layer = complete_codes(op, name, layer);
  end
  if isfield(layer, 'input_scale')
    layer = complete_range(op, name, layer);
  end
  if ~isfield(layer, 'weights')
    floats = {'bias', 'codebook'};
    floats = floats(isfield(layer, floats));
    kind = 'double';
    if ~isempty(floats) && isa(layer.(floats{1}), 'single')
      kind = 'single';
    end
    layer.weights = decode_weights(layer, kind);
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
    layer.mask = check_matrix(op, ['the mask of ', name], layer.mask) ~= 0;
    check_same_size(op, ['the mask of ', name], layer.mask, 'its weights', layer.weights);
    layer.weights = held_weights(layer, layer.weights);
  end
  if isfield(layer, 'codes')
    check_same_size(op, ['the codes of ', name], layer.codes, 'its weights', layer.weights);
    if ~isequal(held_weights(layer, decode_weights(layer, class(layer.weights))), layer.weights)
      value_error(op, ['the codes of ', name], ...
                  'stand for the weights (leave them out if they changed)');
    end
    if isfield(layer, 'codebook')
      layer.codebook = limited(layer.codebook, class(layer.weights));
    end
  end
end

function layer = complete_codes(op, name, layer)
  % A layer whose codes have all that says what they stand for, and nothing of another scheme.
  is_shared = isfield(layer, 'scheme') && strcmp(layer.scheme, 'codebook');
  foreign = {'codebook'};
  needed = {'scale', 'scheme'};
  if is_shared
    foreign = {'scale', 'zero_point'};
    needed = {'codebook'};
  end
  require(op, name, layer, 'codes', needed);
  layer = rmfield(layer, foreign(isfield(layer, foreign)));
  if ~isinteger(layer.codes) || ndims(layer.codes) > 2
    type_error(op, ['the codes of ', name], 'be a matrix of an integer class');
  end
  if is_shared
    layer = complete_codebook(op, name, layer);
    return
  end
  layer.scale = check_per_channel(op, ['the scale of ', name], layer.scale, layer.codes);
  if ~all(layer.scale(:) > 0)
    value_error(op, ['the scale of ', name], 'be in (0, Inf)', number_text(min(layer.scale(:))));
  end
  if ~isfield(layer, 'zero_point')
    layer.zero_point = 0;
  end
  layer.zero_point = check_per_channel(op, ['the zero_point of ', name], layer.zero_point, ...
                                       layer.codes);
  if ~isfield(layer, 'bits')
    layer.bits = 8 * numel(typecast(cast(0, class(layer.codes)), 'uint8'));
  end
  layer.bits = check_integer(op, ['the bits of ', name], layer.bits, '[1, 64]');
  check_choice(op, ['the scheme of ', name], layer.scheme, ...
               {'grid', 'symmetric', 'affine', 'codebook'});
end

function layer = complete_codebook(op, name, layer)
  % A layer whose codes point into its codebook, a row of ascending levels.
  layer.codebook = check_levels(op, ['the codebook of ', name], layer.codebook);
  count = numel(layer.codebook);
  bits = bits_for(count);
  if ~isfield(layer, 'bits')
    layer.bits = bits;
  end
  layer.bits = check_integer(op, ['the bits of ', name], layer.bits, '[1, 64]');
  if layer.bits ~= bits
    value_error(op, ['the bits of ', name], sprintf('be %d for %d levels', bits, count), ...
                sprintf('%d', layer.bits));
  end
  beyond = layer.codes(layer.codes < 0 | layer.codes >= count);
  if ~isempty(beyond)
    value_error(op, ['the codes of ', name], sprintf('be in [0, %d]', count - 1), ...
                sprintf('%d', beyond(1)));
  end
  layer.codes = cast(layer.codes, code_class('uint', bits));
end

function layer = complete_range(op, name, layer)
  % A layer whose inputs are rounded, with all that says how.
  require(op, name, layer, 'input_scale', {'input_zero_point', 'input_bits'});
  layer.input_scale = check_number(op, ['the input_scale of ', name], layer.input_scale, ...
                                   '(0, Inf)');
  layer.input_zero_point = check_number(op, ['the input_zero_point of ', name], ...
                                        layer.input_zero_point, '(-Inf, Inf)');
  layer.input_bits = check_integer(op, ['the input_bits of ', name], layer.input_bits, '[1, 64]');
end

function require(op, name, layer, beside, names)
  for k = find(~isfield(layer, names), 1)
    value_error(op, name, ['have ', names{k}, ' beside ', beside]);
  end
end

function weights = held_weights(layer, weights)
  % Weights that are zero where the layer's mask forbids a connection.
  if isfield(layer, 'mask')
    weights(~layer.mask) = 0;
  end
end

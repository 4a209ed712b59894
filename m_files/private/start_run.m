function run = start_run(layers)
  % What fit trains: LAYERS, and the optimizer's state before the first step.
  zero = cellfun(@(layer) zeros(size(layer.weights), class(layer.weights)), layers, ...
                 'UniformOutput', false);
  zero_bias = cellfun(@(layer) zeros(size(layer.bias), class(layer.bias)), layers, ...
                      'UniformOutput', false);
  % Masks as floats: a product with a logical matrix takes four times as long.
  open = cell(1, numel(layers));
  for k = find(cellfun(@(layer) isfield(layer, 'mask'), layers))
    open{k} = cast(layers{k}.mask, class(layers{k}.weights));
  end
  run = struct('layers', {layers}, 'first', {zero}, 'second', {zero}, ...
               'first_bias', {zero_bias}, 'second_bias', {zero_bias}, ...
               'open', {open}, 'step', 0, 'epoch', 0, 'round', 0, 'is_stopped', false);
end

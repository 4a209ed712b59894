function model = model_like(model, layers)
  % MODEL with other LAYERS, in the shape that it had; outputs of the old network are dropped.
  if isfield(model, 'layers') || ~any(isfield(model, {'W', 'codes'}))
    for k = 1:numel(layers)
      if isfield(layers{k}, 'output')
        layers{k} = rmfield(layers{k}, 'output');
      end
    end
    model.layers = layers;
    return
  end
  if isfield(model, 'trainOutput')
    model = rmfield(model, 'trainOutput');
  end
  [cells, fields] = model_cells();
  for k = 1:numel(cells)
    present = cellfun(@(layer) isfield(layer, fields{k}), layers);
    if any(present)
      values = cell(1, numel(layers));
      values(present) = cellfun(@(layer) layer.(fields{k}), layers(present), ...
                                'UniformOutput', false);
      model.(cells{k}) = values;
    elseif isfield(model, cells{k})
      model = rmfield(model, cells{k});
    end
  end
end

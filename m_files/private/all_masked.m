function layers = all_masked(layers)
  % LAYERS each with a mask, true where nothing was pruned.
  for k = 1:numel(layers)
    if ~isfield(layers{k}, 'mask')
      layers{k}.mask = true(size(layers{k}.weights));
    end
  end
end
